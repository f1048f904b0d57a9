"""Runs for each event: its input is the event's data."""


def handle(context, data):
    context.setTitle(f"{context['event']['eventType']} for {data.get('name', 'everybody')}")
    return {"seen": context["event"]["eventType"]}
