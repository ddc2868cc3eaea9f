// wemonode: finds the switches, polls them each second, and turns the one on that listens at a port. `PORT COUNT`.
const { WemoNode } = require('wemonode');

const [port, count] = process.argv.slice(2);
const wemo = new WemoNode();
const found = {}, heard = [];
let answered;

wemo.on('device_found', (device) => { found[device.port] = device; });
wemo.on('state_changed', (device) => {
  if (device.port !== port) return;
  heard.push(device.binarystate);
  if (device.binarystate === 0) {
    wemo.sendCommand('socket_setbinarystate', device, { binarystate: 1 }, (error, answer) => { answered = answer; });
  } else if (Object.keys(found).length === Number(count)) {
    console.log(JSON.stringify({ found, answered, state: device.binarystate, heard }));
    process.exit();
  }
});
wemo.setBindAddress(process.env.CLIENT_ADDRESS);
wemo.startDiscovery();
