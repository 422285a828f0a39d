"""Delivery of updates to a webhook: in order, one at a time, again and again until it is answered with 2xx."""

import http.client
import json
import ssl
import threading
import time
import urllib.parse

SECONDS_MAX = 10.0
RETRY_SECONDS = 0.05  # after the first failure; doubled by each further one. The real server takes its time
RETRY_SECONDS_MAX = 1.0


class Webhook:
    """One webhook of a bot, and the thread that delivers to it. The caller of start and close holds the lock."""

    def __init__(self, bot, url, secret, connections, certificate):
        self.bot = bot
        self.url = url
        self.secret = secret
        self.connections = connections
        self.certificate = certificate
        self.closed = False
        self.failures = 0
        self.error = None  # (date, message) of the last failure

    def info(self):
        """As getWebhookInfo shows it."""
        info = {"url": self.url, "has_custom_certificate": self.certificate is not None,
                "pending_update_count": len(self.bot.updates), "max_connections": self.connections,
                "ip_address": "127.0.0.1"}
        if self.error is not None:
            info.update(last_error_date=self.error[0], last_error_message=self.error[1])
        return info

    def start(self):
        threading.Thread(target=self.deliver, name="webhook", daemon=True).start()

    def close(self):
        """Ends delivery; one that is under way may still arrive."""
        self.closed = True
        self.bot.changed.notify_all()

    def deliver(self):
        bot = self.bot
        while True:
            with bot.changed:
                bot.changed.wait_for(lambda: self.closed or bot.ended or bot.updates)
                if self.closed or bot.ended:
                    return
                update = bot.updates[0]
            status, pause = self.post(update)
            with bot.changed:
                bot.deliveries.append({"update_id": update["update_id"], "status": status})
                if self.closed:
                    return
                if status is not None and 200 <= status <= 299:
                    self.failures = 0
                    bot.forget_below(update["update_id"] + 1)
                    continue
                bot.changed.notify_all()
                pause = pause or min(RETRY_SECONDS * 2 ** self.failures, RETRY_SECONDS_MAX)
                self.failures += 1
                bot.changed.wait_for(lambda: self.closed or bot.ended, pause)

    def post(self, update):
        """(status or None, how long to wait before the next or None) of one delivery."""
        parts = urllib.parse.urlsplit(self.url)
        path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        headers = {"Content-Type": "application/json"}
        if self.secret:
            headers["X-Telegram-Bot-Api-Secret-Token"] = self.secret
        connection = None
        try:
            connection = self.connect(parts)
            connection.request("POST", path, json.dumps(update), headers)
            response = connection.getresponse()
            response.read()
            if 200 <= response.status <= 299:
                return response.status, None
            self.fail(f"Wrong response from the webhook: {response.status} {response.reason}")
            after = response.getheader("Retry-After", "")
            return response.status, float(after) if after.isdecimal() else None
        except (OSError, http.client.HTTPException, ValueError) as error:
            self.fail(f"Connection failed: {error}")
            return None, None
        finally:
            if connection is not None:
                connection.close()

    def connect(self, parts):
        if parts.scheme == "http":
            return http.client.HTTPConnection(parts.hostname, parts.port, timeout=SECONDS_MAX)
        context = ssl.create_default_context(cadata=self.certificate)
        return http.client.HTTPSConnection(parts.hostname, parts.port, timeout=SECONDS_MAX, context=context)

    def fail(self, message):
        with self.bot.changed:
            self.error = (int(time.time()), message)
