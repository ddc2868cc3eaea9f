// matter.js as a controller: pairs by CODE, turns the plug NAME on, and then hears of all until it is ended. `FOLDER CODE NAME`.
const { Environment, Logger, LogLevel, ServerNode } = require('@matter/main');
const { ControllerBehavior } = require('@matter/main/node');

const [folder, code, name] = process.argv.slice(2);
const PORT = 5541; // the bridge may be on the same host
const now = () => Number(process.hrtime.bigint()) / 1e9; // as Python's perf_counter
const say = (message) => process.stdout.write(`${JSON.stringify(message)}\n`);

Logger.level = LogLevel.WARN;
Logger.log = (_level, text) => process.stderr.write(`${text}\n`);
Environment.default.vars.set('storage.path', folder);

async function main() {
  const phone = await ServerNode.create(ServerNode.RootEndpoint.with(ControllerBehavior), {
    id: 'phone',
    network: { port: PORT },
    commissioning: { enabled: false },
    controller: { adminFabricLabel: 'Phone' },
  });
  await phone.start();
  const bridge = await phone.peers.commission({ pairingCode: code });
  const plugs = [...bridge.endpoints].filter(({ behaviors }) => 'onOff' in behaviors.supported);
  const title = (plug) => plug.stateOf('bridgedDeviceBasicInformation').nodeLabel;
  for (const plug of plugs) {
    plug.eventsOf('onOff').onOff$Changed.on((on) => say({ name: title(plug), on, at: now() }));
  }
  say({ paired: Object.fromEntries(plugs.map((plug) => [title(plug), plug.stateOf('onOff').onOff])) });
  say({ sending: name, at: now() });
  await plugs.find((plug) => title(plug) === name).commandsOf('onOff').on();
  say({ sent: name });
}

process.on('SIGTERM', () => process.exit(0));
main();
