"""How fast each backend runs, what it moves, and where its time goes; the float32 row to beat."""
