"""The Matter door: a bridge that Echo, Google Home, Apple Home and SmartThings pair with over the LAN (matter.md)."""
