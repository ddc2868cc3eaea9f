"""The alarms as security systems of Apple's Home app, behind a bridge (HomeKit Accessory Protocol)."""
