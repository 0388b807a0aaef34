"""The desk: what people and programs reach over the network."""
