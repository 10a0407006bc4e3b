"""The cloud on localhost: everything `template.yaml` asks for, on 127.0.0.1, without keys or containers."""
