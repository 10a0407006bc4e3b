"""The stream: frames get their numbers, go to every reader in order, and are kept until nobody can miss them.

`log` numbers, `lane` says what a reader gets next and `pace` when, `outbox` posts, `journal` writes down, `lease` says
who may. All but the outbox are pure: no socket, no table, the clock passed in.
"""
