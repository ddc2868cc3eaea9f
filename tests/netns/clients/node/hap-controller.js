// hap-controller: finds the bridge, pairs, reads, arms, hears of it, unpairs, and pairs a second time. `CODE WORD`.
const { HttpClient, IPDiscovery } = require('hap-controller');

const [code, word] = process.argv.slice(2);
const [ALARM, CURRENT, TARGET] = ['7E', '66', '67'];
const short = (type) => type.split('-')[0].replace(/^0+/, '');

function find(paired) {
  return new Promise((resolve) => {
    const discovery = new IPDiscovery();
    const look = (service) => {
      if (Boolean(service.availableToPair) === paired) return;
      discovery.stop();
      resolve(service);
    };
    discovery.on('serviceUp', look);
    discovery.on('serviceChanged', look);
    discovery.start();
  });
}

async function pair(service) {
  const client = new HttpClient(service.id, service.address, service.port, undefined, { usePersistentConnections: true });
  await client.pairSetup(code, await new IPDiscovery().getPairMethod(service));
  return client;
}

async function main() {
  const found = await find(false);
  const client = await pair(found);
  const { accessories } = await client.getAccessories();
  const alarm = accessories.find((one) => one.services.some(({ type }) => short(type) === ALARM));
  const all = alarm.services.flatMap(({ characteristics }) => characteristics);
  const [current, target] = [CURRENT, TARGET].map((type) => `${alarm.aid}.${all.find((one) => short(one.type) === type).iid}`);
  const read = async () => (await client.getCharacteristics([current, target])).characteristics.map(({ value }) => value);
  const before = await read();
  const heard = [];
  const armed = new Promise((resolve) => {
    client.on('event', ({ characteristics }) => {
      for (const one of characteristics) {
        heard.push([`${one.aid}.${one.iid}` === current ? 'current' : 'target', one.value]);
        if (`${one.aid}.${one.iid}` === current && one.value === Number(word)) resolve();
      }
    });
  });
  await client.subscribeCharacteristics([current, target]);
  await client.setCharacteristics({ [target]: Number(word) });
  await armed;
  const after = await read();
  await client.unsubscribeCharacteristics([current, target]);
  await client.removePairing(client.getLongTermData().iOSDevicePairingID);
  await client.close();
  const again = await find(false);
  const second = await pair(again);
  const { characteristics } = await second.getCharacteristics([current]);
  await second.removePairing(second.getLongTermData().iOSDevicePairingID);
  await second.close();
  console.log(JSON.stringify({ name: found.name, before, heard, after, same: found.id === again.id, second: characteristics[0].value }));
  process.exit();
}

main();
