"""The network: sockets, searches, HTTP. Knows no alarm."""
