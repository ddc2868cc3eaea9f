"""The known stack's web app, called by fauxmo's plugin: remembers what was asked for, leaves the rest to a worker."""

from flask import Flask
from redis import Redis
from rq import Queue

app = Flask(__name__)
store = Redis()
queue = Queue(connection=store)


@app.get("/<switch>/<state>")
def turn(switch: str, state: str) -> str:
    """Show the state as it is asked for, before the alarm has heard of it, and queue the command."""
    store.set(f"state:{switch}", state)
    queue.enqueue("jobs.operate", "ARM" if state == "on" else "DARM")
    return "OK"


@app.get("/<switch>")
def state(switch: str) -> str:
    """What fauxmo is told."""
    return f"state is {(store.get(f'state:{switch}') or b'off').decode()}"
