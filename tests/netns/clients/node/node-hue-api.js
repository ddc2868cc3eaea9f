// node-hue-api: finds the bridge, pairs, lists, and turns the light of a name on. `NAME`.
// Its users.deleteUser never sends anything.
const { v3 } = require('node-hue-api');

const SEARCH_MS = 4000;

async function main(name) {
  const found = await v3.discovery.upnpSearch(SEARCH_MS);
  const host = found[0].ipaddress;
  const stranger = await v3.api.createInsecureLocal(host).connect();
  const user = await stranger.users.createUser('lan', 'node');
  const api = await v3.api.createInsecureLocal(host).connect(user.username);
  const lights = await api.lights.getAll();
  const one = lights.find((light) => light.name === name);
  const turned = await api.lights.setLightState(one.id, new v3.lightStates.LightState().on());
  const state = await api.lights.getLightState(one.id);
  const all = await api.groups.getGroup(0);
  const users = await api.users.getAll();
  return {
    found: found.map((bridge) => [bridge.name, bridge.ipaddress]),
    lights: Object.fromEntries(lights.map((light) => [light.name, light.id])),
    turned,
    on: state.on,
    group: all.lights,
    users: users.map((each) => each.name),
  };
}

main(process.argv[2]).then((said) => console.log(JSON.stringify(said)));
