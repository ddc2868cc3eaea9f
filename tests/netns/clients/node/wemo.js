// wemo: finds the switches, turns the one of a name on, and reads it. `NAME COUNT`.
const WeMo = require('wemo');

const [name, count] = process.argv.slice(2);
const found = {};

function use({ ip, port }) {
  const one = new WeMo(ip, port);
  one.getBinaryState((error, before) => {
    if (error) throw error;
    one.setBinaryState(1, (refused, answered) => {
      if (refused) throw refused;
      one.getBinaryState((failed, state) => {
        if (failed) throw failed;
        console.log(JSON.stringify({ found, answered, state, heard: [before] }));
        process.exit();
      });
    });
  });
}

setInterval(() => {}, 1000); // as its search alone keeps no process alive
WeMo.Search().on('found', (device) => {
  const isNew = !found[device.friendlyName];
  found[device.friendlyName] = device;
  if (isNew && Object.keys(found).length === Number(count)) use(found[name]);
});
