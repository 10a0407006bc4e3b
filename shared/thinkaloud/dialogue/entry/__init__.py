"""The way in: connections are admitted, frames read, turns claimed, stopped and resumed."""
