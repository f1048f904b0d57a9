"""What a worker rehearses with (dispatch_guest/rehearsal.py)."""


def handle(context, payload):
    if payload is None:
        raise ValueError("nothing, %s" % context["runId"])
    return {"name": payload["name"], "items": [item + 1 for item in payload["items"]]}
