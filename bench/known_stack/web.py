"""The known stack's web app, called by fauxmo's plugin: it stores the requested state and queues the command."""

from flask import Flask
from redis import Redis
from rq import Queue

app = Flask(__name__)
store = Redis()
queue = Queue(connection=store)


@app.get("/<switch>/<state>")
def turn(switch: str, state: str) -> str:
    """Store the requested state, before the alarm has received it, and queue the command."""
    store.set(f"state:{switch}", state)
    queue.enqueue("jobs.operate", "ARM" if state == "on" else "DARM")
    return "OK"


@app.get("/<switch>")
def state(switch: str) -> str:
    """Return the state for fauxmo."""
    return f"state is {(store.get(f'state:{switch}') or b'off').decode()}"
