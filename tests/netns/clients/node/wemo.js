// wemo: finds the switches of a host, turns the one of a name on, and reads it. `HOST NAME COUNT`.
const WeMo = require('wemo');

const [host, name, count] = process.argv.slice(2);
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
  if (device.ip !== host || found[device.friendlyName]) return;
  found[device.friendlyName] = device;
  if (Object.keys(found).length === Number(count)) use(found[name]);
});
