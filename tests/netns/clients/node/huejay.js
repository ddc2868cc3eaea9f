// huejay: finds the bridge, pairs, lists, turns the light of a name on, unpairs. `NAME`.
const huejay = require('huejay');

async function main(name) {
  const found = await huejay.discover({ strategy: 'upnp' });
  const client = new huejay.Client({ host: found[0].ip });
  const user = new client.users.User();
  user.deviceType = 'lan#node';
  client.username = (await client.users.create(user)).username;
  const lights = await client.lights.getAll();
  const one = lights.find((light) => light.name === name);
  one.on = true;
  await client.lights.save(one);
  const after = await client.lights.getById(one.id);
  const all = await client.groups.getById(0);
  const users = await client.users.getAll();
  const bridge = await client.bridge.get();
  await client.users.delete(client.username);
  return {
    found: found.map((each) => [bridge.name, each.ip]),
    lights: Object.fromEntries(lights.map((light) => [light.name, Number(light.id)])),
    turned: true,
    on: after.on,
    group: all.lightIds,
    users: users.map((each) => each.deviceType),
  };
}

main(process.argv[2]).then((said) => console.log(JSON.stringify(said)));
