"""Set-up in the browser: the same steps as pages, which read and work without JavaScript."""
