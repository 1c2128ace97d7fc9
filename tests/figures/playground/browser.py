"""A real browser at the end of two pipes, by Chromium's own protocol; no tests."""

import base64
import json
import os
import select
import shutil
import subprocess
import time

import pytest

NAMES = "chromium", "chromium-browser", "google-chrome"
CHROMIUM = next(filter(None, map(shutil.which, NAMES)), None) if os.name == "posix" else None
needed = pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed")
# Seconds for an answer; a machine under load starts a browser slowly.
PATIENCE = 60.0


class Browser:
    """One page of a headless Chromium, and every message of its console.

    Used as a context: the browser ends with it, and only this one.
    """

    def __init__(self, folder):
        theirs, self.to = os.pipe()
        self.answers, back = os.pipe()

        # Where there are no pipes of this kind no browser is looked for.
        import fcntl

        def connect():
            # Chromium listens at its descriptor 3 and answers at 4; copies, lest one be lost.
            ends = [fcntl.fcntl(end, fcntl.F_DUPFD, 10) for end in (theirs, back)]
            for end, number in zip(ends, (3, 4), strict=True):
                os.dup2(end, number)

        options = (
            *("--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars"),
            *("--no-first-run", "--disable-background-networking", "--remote-debugging-pipe"),
            f"--user-data-dir={folder}",
        )
        self.process = subprocess.Popen(
            [CHROMIUM, *options],
            preexec_fn=connect,
            pass_fds=(3, 4),
            stderr=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
        )
        os.close(theirs)
        os.close(back)
        self.count, self.rest, self.session = 0, b"", None
        self.messages = []
        target = self.send("Target.createTarget", url="about:blank")["targetId"]
        self.session = self.send("Target.attachToTarget", targetId=target, flatten=True)[
            "sessionId"
        ]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.send(f"{domain}.enable")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for end in (self.to, self.answers):
            os.close(end)
        self.process.terminate()
        try:
            self.process.wait(20.0)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def receive(self, until):
        """The next message of the browser."""
        while b"\0" not in self.rest:
            left = until - time.monotonic()
            if left <= 0 or not select.select([self.answers], [], [], left)[0]:
                raise TimeoutError("the browser does not answer")
            got = os.read(self.answers, 1 << 20)
            if not got:
                raise EOFError("the browser has ended")
            self.rest += got
        line, self.rest = self.rest.split(b"\0", 1)
        return json.loads(line)

    def send(self, method, **parameters):
        """The answer to one command; events on the way are kept."""
        self.count += 1
        asked = {"id": self.count, "method": method, "params": parameters}
        if self.session:
            asked["sessionId"] = self.session
        os.write(self.to, json.dumps(asked).encode() + b"\0")
        until = time.monotonic() + PATIENCE
        while True:
            message = self.receive(until)
            if message.get("id") == self.count:
                if "error" in message:
                    raise RuntimeError(message["error"]["message"])
                return message["result"]
            self._notice(message)

    def _notice(self, message):
        name, told = message.get("method"), message.get("params", {})
        if name == "Runtime.consoleAPICalled":
            self.messages.append(str([part.get("value") for part in told["args"]]))
        elif name == "Runtime.exceptionThrown":
            self.messages.append(str(told["exceptionDetails"].get("exception", told)))
        elif name == "Log.entryAdded":
            self.messages.append(told["entry"]["text"])
        elif name == "Network.requestWillBeSent":
            address = told["request"]["url"]
            if not address.startswith(("file:", "data:", "about:")):
                self.messages.append(f"asked for {address}")

    def open(self, address):
        """Load a page, and wait until its scripts have run."""
        # By way of an empty page, since another fragment alone would load nothing.
        for where in ("about:blank", address):
            self.send("Page.navigate", url=where)
            state = f"document.readyState === 'complete' && location.href === {json.dumps(where)}"
            self.wait(state)

    def wait(self, condition):
        """Wait until an expression in the page is true."""
        until = time.monotonic() + PATIENCE
        while not self.run(condition):
            if time.monotonic() > until:
                raise TimeoutError(f"still not true: {condition}")
            time.sleep(0.02)

    def run(self, expression):
        """The value of an expression in the page, awaited if it is a promise."""
        found = self.send(
            "Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True
        )
        if "exceptionDetails" in found:
            raise RuntimeError(found["exceptionDetails"]["exception"]["description"])
        return found["result"].get("value")

    def size(self, width, height=900, dark=False, touch=False):
        """The window, its theme, and whether it is that of a phone."""
        self.send(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=1,
            mobile=touch,
        )
        self.send("Emulation.setTouchEmulationEnabled", enabled=touch)
        theme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.send("Emulation.setEmulatedMedia", features=[theme])

    def place(self, selector, u=0.5, v=0.5):
        """A place in the middle, or elsewhere, of an element that is brought into view."""
        return self.run(
            f"""(() => {{
              const element = document.querySelector({json.dumps(selector)});
              element.scrollIntoView({{ block: "center", behavior: "instant" }});
              const box = element.getBoundingClientRect();
              return [box.left + {u} * box.width, box.top + {v} * box.height];
            }})()"""
        )

    def click(self, selector, u=0.5, v=0.5):
        """A click of the mouse."""
        x, y = self.place(selector, u, v)
        for kind in ("mousePressed", "mouseReleased"):
            self.send("Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left", clickCount=1)

    def touch(self, selector, u=0.5, v=0.5):
        """A tap of a finger."""
        x, y = self.place(selector, u, v)
        self.send("Input.dispatchTouchEvent", type="touchStart", touchPoints=[{"x": x, "y": y}])
        self.send("Input.dispatchTouchEvent", type="touchEnd", touchPoints=[])

    def key(self, name, code):
        """One key, such as an arrow, at what has the focus."""
        for kind in ("keyDown", "keyUp"):
            self.send(
                "Input.dispatchKeyEvent", type=kind, key=name, code=name, windowsVirtualKeyCode=code
            )

    def type(self, selector, text):
        """A text in place of what a field holds, typed."""
        self.run(f"document.querySelector({json.dumps(selector)}).select()")
        self.send("Input.insertText", text=text)

    def choose(self, selector, value):
        """An option of a list; the list itself is drawn by the system, outside of the page."""
        self.run(
            f"""(() => {{
              const list = document.querySelector({json.dumps(selector)});
              list.value = {json.dumps(value)};
              list.dispatchEvent(new Event("input", {{ bubbles: true }}));
              list.dispatchEvent(new Event("change", {{ bubbles: true }}));
            }})()"""
        )

    def picture(self, path):
        """A picture of the whole page, as PNG."""
        height = self.run("document.documentElement.scrollHeight")
        width = self.run("window.innerWidth")
        clip = {"x": 0, "y": 0, "width": width, "height": height, "scale": 1}
        shot = self.send("Page.captureScreenshot", clip=clip, captureBeyondViewport=True)
        path.write_bytes(base64.b64decode(shot["data"]))
