"""AWS services on localhost: moto in a process of its own, or whatever endpoint the user names."""
