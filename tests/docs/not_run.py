"""The commands of the pages that no test runs, why, and what is looked at instead."""

SERVICE, SOCKET = "packaging/verisure-emulator.service", "packaging/verisure-emulator.socket"
COMPOSE, IMAGE = "compose.yaml", "Dockerfile"

NOT_RUN: dict[str, tuple[str, dict[str, tuple[str, ...]]]] = {
    "make test": ("it would run this test", {"Makefile": ("\ntest:",)}),
    **dict.fromkeys(
        ("cp devices.yaml devices.local.yaml", "git checkout devices.yaml"),
        (
            "needs a clone",
            {".gitignore": ("devices.local.yaml*",), "emulator/config/devices_yaml.py": ('"devices.local.yaml"',)},
        ),
    ),
    **dict.fromkeys(
        (
            "docker compose exec emulator emulator backup /state/house.backup",
            "docker compose cp emulator:/state/house.backup .",
            "docker compose stop",
            "docker compose run --rm -T --entrypoint sh emulator -c 'cat > /state/house.backup' < house.backup",
            "docker compose run --rm emulator restore /state/house.backup --state-only",
            "docker compose run --rm --entrypoint rm emulator /state/house.backup",
            "docker compose down --volumes --rmi all",
        ),
        ("needs Docker", {COMPOSE: ("\n  emulator:\n", "- state:/state"), IMAGE: ("ENTRYPOINT", "VOLUME /state")}),
    ),
    **dict.fromkeys(
        ("mkdir newer", "mv journal.sqlite3* newer/", "mv journal.version-7 journal.sqlite3"),
        ("needs a program of before", {"emulator/store/before_update.py": ('"journal.version-"',)}),
    ),
    **dict.fromkeys(
        (
            "sudo systemctl disable --now verisure-emulator.socket verisure-emulator.service",
            "sudo rm /etc/systemd/system/verisure-emulator.service /etc/systemd/system/verisure-emulator.socket",
            "sudo rm -r /opt/verisure-emulator",
            "pipx uninstall verisure-emulator",
        ),
        (
            "removes the program",
            {SERVICE: ("# As /etc/systemd/system/",), "pyproject.toml": ('name = "verisure-emulator"',)},
        ),
    ),
    ".venv/bin/emulator matter --remove 2": (
        "needs an ecosystem that is paired",
        {"emulator/cli/matter.py": ('"--remove"',)},
    ),
    "sudo python3 -m venv /opt/verisure-emulator/.venv": (
        "changes the machine",
        {SERVICE: ("ExecStart=/opt/verisure-emulator/.venv/bin/emulator run",)},
    ),
    "sudo /opt/verisure-emulator/.venv/bin/pip install '.[homekit,mdns,mqtt,notify]'": (
        "changes the machine, and needs PyPI",
        {"pyproject.toml": ("\nhomekit = [", "\nmdns = [", "\nnotify = [")},
    ),
    "sudo install -D -m 644 devices.yaml /etc/verisure-emulator/devices.yaml": (
        "changes the machine",
        {"devices.yaml": ("installations:",), SERVICE: ("--config /etc/verisure-emulator/devices.yaml",)},
    ),
    f"sudo cp {SERVICE} {SOCKET} /etc/systemd/system/": (
        "changes the machine",
        {SERVICE: ("# As /etc/systemd/system/",), SOCKET: ("# As /etc/systemd/system/",)},
    ),
    "sudo systemctl daemon-reload": ("needs systemd", {}),
    "sudo systemctl enable --now verisure-emulator.socket verisure-emulator.service": (
        "needs systemd",
        {SERVICE: ("WantedBy=multi-user.target",), SOCKET: ("WantedBy=sockets.target",)},
    ),
    "journalctl -u verisure-emulator -p warning": ("needs systemd", {SERVICE: ("Type=notify",)}),
    "sudo systemd-run --quiet --pty -p DynamicUser=yes -p User=verisure-emulator -p StateDirectory=verisure-emulator "
    "-p StateDirectoryMode=0700 -E EMULATOR_STATE_DIR=/var/lib/verisure-emulator "
    "/opt/verisure-emulator/.venv/bin/emulator login --config /etc/verisure-emulator/devices.yaml": (
        "needs systemd and an account",
        {
            SERVICE: (
                "DynamicUser=yes",
                "StateDirectory=verisure-emulator",
                "StateDirectoryMode=0700",
                "EMULATOR_STATE_DIR=/var/lib/verisure-emulator",
            )
        },
    ),
    "docker compose up --build --detach": (
        "needs Docker",
        {"compose.yaml": ("build: .", "source: ./devices.yaml"), "Dockerfile": ("ENTRYPOINT",)},
    ),
    "docker build -t verisure-emulator .": ("needs Docker", {IMAGE: ("# docker build -t verisure-emulator .",)}),
    "docker build --build-arg BUILD_VERSION=0.2.0 -t verisure-emulator.invalid/verisure-emulator/home-assistant:0.2.0 "
    "packaging/home-assistant": (
        "needs Docker",
        {
            "packaging/home-assistant/Dockerfile": ("ARG BUILD_FROM=verisure-emulator\n", "ARG BUILD_VERSION=dev\n"),
            "packaging/home-assistant/config.yaml": (
                "image: verisure-emulator.invalid/verisure-emulator/home-assistant\n",
                'version: "0.2.0"\n',
            ),
        },
    ),
    **dict.fromkeys(
        (
            "docker compose logs emulator",
            "docker compose exec emulator emulator login",
            "docker compose exec emulator emulator pin",
        ),
        ("needs Docker", {COMPOSE: ("\n  emulator:\n", "- state:/state"), IMAGE: ("PATH=/opt/emulator/bin:",)}),
    ),
    "docker buildx bake slim": ("needs Docker", {"docker-bake.hcl": ('target "slim" {',)}),
    "docker compose exec emulator emulator check": (
        "needs Docker",
        {"compose.yaml": ("\n  emulator:\n",), "Dockerfile": ("PATH=/opt/emulator/bin:",)},
    ),
    **dict.fromkeys(
        (
            "mosquitto_sub -h 192.168.1.5 -u homeassistant -P … -v -t 'verisure/#'",
            "mosquitto_pub -h 192.168.1.5 -u homeassistant -P … -t verisure/9dffa9bc3f9d/home/set -m ARM_NIGHT",
            "mosquitto_sub -h 192.168.1.5 -u homeassistant -P … -t 'verisure/9dffa9bc3f9d/#' --remove-retained "
            "--retained-only -W 5",
            "mosquitto_sub -h broker.example.com -p 8883 --capath /etc/ssl/certs -u operator -P … "
            "-t 'verisure/+/status' --retained-only -W 5 -F '%t %p' | grep 'offline$'",
            "mosquitto_sub -h broker.example.com -p 8883 --capath /etc/ssl/certs -u admin -P … "
            "-t 'verisure/9dffa9bc3f9d/#' --remove-retained --retained-only -W 5",
        ),
        ("needs a broker of one's own", {"emulator/doors/mqtt/topics.py": ("/set",)}),
    ),
    **dict.fromkeys(
        (
            "sudo mosquitto_passwd -c /etc/mosquitto/passwords homeassistant",
            "sudo mosquitto_passwd /etc/mosquitto/passwords emulator",
            "sudo chown mosquitto /etc/mosquitto/passwords",
        ),
        ("changes the machine", {}),
    ),
    **dict.fromkeys(
        (
            'openssl req -x509 -newkey rsa:2048 -nodes -days 3650 -subj "/CN=Home CA" -keyout ca.key -out ca.crt',
            'openssl req -newkey rsa:2048 -nodes -subj "/CN=broker" -keyout server.key -out server.csr',
            "printf 'subjectAltName=DNS:broker.lan,IP:192.168.1.5\\n' > san.txt",
            "openssl x509 -req -in server.csr -CA ca.crt -CAkey ca.key -CAcreateserial -days 3650 -extfile san.txt "
            "-out server.crt",
        ),
        ("makes keys of 2,048 bits, which costs more than it tells", {}),
    ),
}
"""A command → why it is not run, and what is looked at instead: files, and what stands in them."""
