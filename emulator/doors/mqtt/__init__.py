"""MQTT: the alarm as a panel of Home Assistant, openHAB, ioBroker and Node-RED, through a broker of the user's."""
