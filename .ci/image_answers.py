"""Run inside the image: the bot starts, its health check holds, it draws, and it ends in time when told to.

Takes the image's health check as JSON: ["CMD", "python", …].
"""

import json
import subprocess
import sys

ENDS_WITHIN = 10

health_check = json.loads(sys.argv[1])[1:]
bot = subprocess.Popen(["/opt/epay-bot/bin/epay-bot", "demo", "--headless"], stdout=subprocess.PIPE, text=True)
assert bot.stdout
print("image: the bot says", bot.stdout.readline().strip())
subprocess.run(health_check, check=True, timeout=10)  # noqa: S603
bot.terminate()
assert bot.wait(ENDS_WITHIN) == 0, f"the bot ended with {bot.returncode}"
