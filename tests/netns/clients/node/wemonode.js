// wemonode: finds the switches of a host, polls them each second, and turns the one of a port on. `HOST PORT COUNT`.
const http = require('http');
const { WemoNode } = require('wemonode');

// It gives up an answer after one second, and says nothing then: on a busy machine that is no fault of ours.
http.ClientRequest.prototype.setTimeout = function () { return this; };

const [host, port, count] = process.argv.slice(2);
const wemo = new WemoNode();
const found = {}, heard = [];
let answered;

function endWhenAllIsHere(device) {
  if (!answered || device.binarystate !== 1 || Object.keys(found).length !== Number(count)) return;
  console.log(JSON.stringify({ found, answered, state: device.binarystate, heard }));
  process.exit();
}

wemo.on('device_found', (device) => {
  if (device.ipaddress !== host) return;
  found[device.port] = device;
  const own = found[port];
  if (own) endWhenAllIsHere(own);
});
wemo.on('state_changed', (device) => {
  if (device.ipaddress !== host || device.port !== port) return;
  heard.push(device.binarystate);
  endWhenAllIsHere(device);
  if (device.binarystate !== 0) return;
  wemo.sendCommand('socket_setbinarystate', device, { binarystate: 1 }, (error, answer) => {
    answered = answer;
    endWhenAllIsHere(device);
  });
});
wemo.setBindAddress(process.env.CLIENT_ADDRESS);
wemo.startDiscovery();
