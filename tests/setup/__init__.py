"""Set-up: answers become a file, a login and a PIN."""
