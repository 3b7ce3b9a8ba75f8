"""Networks that look at squares of a picture: in LiteRT, from views of it, at every place."""
