"""Greets whoever is named."""


def handle(context, payload):
    return {"text": "Hello, " + payload["name"]}
