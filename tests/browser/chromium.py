"""A Chromium without a screen."""

import os
import shutil
from pathlib import Path

from selenium import webdriver
from selenium.webdriver.chrome.service import Service

CHROMIUM, DRIVER = shutil.which("chromium"), shutil.which("chromedriver")

IS_THERE = bool(CHROMIUM and DRIVER)


def chromium(profile: Path) -> webdriver.Chrome:
    """Start one, whose profile is in a folder of its own."""
    options = webdriver.ChromeOptions()
    options.binary_location = CHROMIUM or ""
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    # Its offer to keep a password would take the keyboard.
    options.add_experimental_option("prefs", {"credentials_enable_service": False})
    for word in ("headless=new", "no-sandbox", "disable-gpu", "disable-dev-shm-usage", "hide-scrollbars"):
        options.add_argument(f"--{word}")
    options.add_argument(f"--user-data-dir={profile}")
    return webdriver.Chrome(options=options, service=Service(DRIVER, env={**os.environ, "HOME": str(profile)}))
