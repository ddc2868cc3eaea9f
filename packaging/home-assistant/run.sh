#!/bin/sh
# The start of the add-on, as root: gives the program its folders, and the options, which only root may read, as its
# standard input. Then it is a user of its own, with the right to port 80 and no other.
set -eu
install -d -m 0700 /data/state
chown -Rh emulator:emulator /data/state
chown emulator:emulator /config
if [ -f /config/devices.yaml ]; then chown -h emulator:emulator /config/devices.yaml; fi
exec setpriv --reuid=emulator --regid=emulator --clear-groups --no-new-privs \
    --inh-caps=-all,+net_bind_service --ambient-caps=-all,+net_bind_service \
    /opt/emulator/bin/python -m emulator.addon </data/options.json
