"""The contents of what is shown of the house. Pure: values of hub, journal and clock in, texts and values out."""
