"""Tables, pages and pictures that are made from committed rows."""
