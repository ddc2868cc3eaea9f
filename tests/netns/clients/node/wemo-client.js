// wemo-client: finds the switches of a host, subscribes to the one of a name, and turns it on. `HOST NAME COUNT`.
const Wemo = require('wemo-client');

const [host, name, count] = process.argv.slice(2);
const wemo = new Wemo();
const found = {}, heard = [];
let answered;

function use(client) {
  function endWhenBothAreHere() {
    if (!answered || !heard.includes('1')) return;
    client.getBinaryState((error, state) => {
      console.log(JSON.stringify({ found, answered, state, heard }));
      process.exit();
    });
  }

  client.on('error', (error) => { throw error; });
  client.on('binaryState', (value) => {
    heard.push(value);
    endWhenBothAreHere();
    if (value !== '0') return;
    client.setBinaryState(1, (error, answer) => {
      answered = answer.BinaryState;
      endWhenBothAreHere();
    });
  });
}

wemo.discover((error, device) => {
  if (error) throw error;
  if (device.host !== host || found[device.friendlyName]) return; // it tells of a switch as often as that answers
  found[device.friendlyName] = device;
  if (Object.keys(found).length === Number(count)) use(wemo.client(found[name]));
});
