"""Function `status`: posts the text `payload.message` to the incoming webhook `statusUrl` of the secret `slack`."""

import json
import urllib.error
import urllib.parse
import urllib.request

TIMEOUT_SECONDS = 10


class NoRedirects(urllib.request.HTTPRedirectHandler):
    """A webhook never redirects; following one would carry the message to an address that nobody chose."""

    def redirect_request(self, *_arguments):
        return None


OPENER = urllib.request.build_opener(NoRedirects)


def handle(context, payload):
    """Returns {"text": "ok"} when the webhook took the message; ValueError names what is missing."""
    message = payload.get("message") if isinstance(payload, dict) else None
    if not isinstance(message, str) or not message.strip():
        raise ValueError('status needs an input like {"message": "all is well"}')
    post(webhook(context), {"text": escape(message)})
    return {"text": "ok"}


def escape(message):
    """Slack reads <...> as links and calls to everybody; text that is escaped already stays as it is."""
    plain = message.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
    return plain.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def webhook(context):
    url = context.get("secrets", {}).get("statusUrl", "")
    if urllib.parse.urlsplit(url).scheme not in ("http", "https"):
        raise ValueError("the secret `slack` has no web address under `statusUrl`: see secrets/slack.json.example")
    return url


def post(url, body):
    """The address is itself a key to the channel, so no error names it."""
    headers = {"Content-Type": "application/json; charset=utf-8"}
    request = urllib.request.Request(url, json.dumps(body).encode(), headers)
    try:
        OPENER.open(request, timeout=TIMEOUT_SECONDS).close()
    except urllib.error.HTTPError as error:
        raise RuntimeError(f"the webhook refused the message: {error.code} {refusal(error)}") from None
    except urllib.error.URLError as error:
        raise RuntimeError(f"the webhook could not be reached: {error.reason}") from None


def refusal(error):
    retry = error.headers.get("Retry-After")
    return error.reason if retry is None else f"{error.reason}, try again in {retry} s"
