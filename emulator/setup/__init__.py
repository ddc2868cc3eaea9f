"""Set-up: answers of a person become devices.yaml, a login and a PIN; by the page, or typed in a terminal."""
