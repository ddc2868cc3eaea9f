// A Matter bridge: a plug for each switch, and for who wants it a contact for each alarm that goes off.
//
// The program decides everything. What a controller asks for is asked of the program, and fails where the program
// refuses; what a plug shows is what the program says. When the program ends, so does this: standard input ends.
import process from "node:process";
import { Endpoint, Environment, FabricIndex, Logger, LogLevel, ServerNode, VendorId } from "@matter/main";
import { BridgedDeviceBasicInformationServer } from "@matter/main/behaviors/bridged-device-basic-information";
import { OnOffServer } from "@matter/main/behaviors/on-off";
import { ScenesManagementServer } from "@matter/main/behaviors/scenes-management";
import { ContactSensorDevice } from "@matter/main/devices/contact-sensor";
import { OnOffPlugInUnitDevice } from "@matter/main/devices/on-off-plug-in-unit";
import { AggregatorEndpoint } from "@matter/main/endpoints/aggregator";
import { FabricManager, hasRemoteActor } from "@matter/main/protocol";
import { StatusResponse } from "@matter/main/types";
import { Lines, Pulse, Tally, isTaken, messages, named, shown } from "./lines.js";

const PORT = 5540; // Alexa knows no other
const VENDOR = VendorId(0xfff1); // of tests: nobody has certified this
const PRODUCT = 0x8000;
const END_MS = 3000; // to close everything in

Logger.level = LogLevel.WARN;
Logger.format = "plain";
// Standard output is for messages alone.
Logger.log = (_level, text) => process.stderr.write(`${text}\n`);

const program = new Lines(process.stdout);
const pulse = new Pulse();
setInterval(() => pulse.beat(), Pulse.EVERY_MS);

// Node.js would cite the line of the error, which is the whole bridge.
process.on("uncaughtException", (error) => {
  if (isTaken(error)) program.tell({ taken: true });
  process.stderr.write(`${named(error)}\n`, () => process.exit(1));
});
const asking = new Tally(); // plugs whose command waits for an answer

/** A plug whose commands go to the program. Nothing else changes it: no scene, no timer, no power cut. */
class PlugServer extends OnOffServer {
  async on() {
    await this.#set(true);
  }

  async off() {
    await this.#set(false);
  }

  toggle() {
    return this.#set(!this.state.onOff);
  }

  offWithEffect() {
    return this.#set(false);
  }

  onWithRecallGlobalScene() {
    return this.#set(true);
  }

  onWithTimedOff() {
    throw new StatusResponse.InvalidCommandError("an alarm is not turned off by a timer");
  }

  async #set(on) {
    if (!hasRemoteActor(this.context)) return;
    if (pulse.isLate) throw new StatusResponse.FailureError("it was asked for too long ago");
    const { fabric, subject } = this.context;
    const asked = { set: this.endpoint.id, on, fabric: Number(fabric), node: String(subject.id ?? "") };
    const { refused } = await asking.during(this.endpoint.id, () => program.ask(asked));
    if (refused) throw new StatusResponse.FailureError(refused);
    this.state.onOff = on;
  }
}

/** Scenes can be stored, as controllers expect, and never change a plug: they would do it unasked. */
class IdleScenesServer extends ScenesManagementServer {
  implementScenes() {}
}

const Plug = OnOffPlugInUnitDevice.with(PlugServer, IdleScenesServer, BridgedDeviceBasicInformationServer);
const Contact = ContactSensorDevice.with(BridgedDeviceBasicInformationServer);

function made(device) {
  const { bridgedDeviceBasicInformation: basic, ...state } = shown(device);
  const { id, serial } = device;
  const bridged = { ...basic, productName: "Alarm mode", serialNumber: serial, uniqueId: `u-${serial}` };
  return new Endpoint("triggered" in device ? Contact : Plug, { id, ...state, bridgedDeviceBasicInformation: bridged });
}

const input = messages(process.stdin);
const { value: settings } = await input.next();
const environment = Environment.default;
environment.vars.set("storage.path", settings.path);
if (settings.interface) environment.vars.set("mdns.networkInterface", settings.interface);

const node = await ServerNode.create({
  id: "bridge",
  network: { port: PORT },
  commissioning: { enabled: false, passcode: settings.passcode, discriminator: settings.discriminator },
  productDescription: { name: settings.name, deviceType: AggregatorEndpoint.deviceType },
  basicInformation: {
    vendorName: "verisure-emulator",
    vendorId: VENDOR,
    productName: "Alarm bridge",
    productId: PRODUCT,
    nodeLabel: settings.name,
    serialNumber: settings.serial,
    uniqueId: `u-${settings.serial}`,
  },
});
const aggregator = new Endpoint(AggregatorEndpoint, { id: "aggregator" }); // endpoint 1, as Alexa wants it
await node.add(aggregator);
const endpoints = new Map();

/** Show these devices and no others. */
async function show(devices) {
  const wanted = new Set(devices.map(({ id }) => id));
  for (const [id, endpoint] of endpoints) {
    if (!wanted.has(id)) {
      endpoints.delete(id);
      await endpoint.close();
    }
  }
  for (const device of devices) {
    const endpoint = endpoints.get(device.id);
    if (endpoint && asking.has(device.id)) continue; // locked, and all is shown anew after the answer
    if (endpoint) {
      await endpoint.set(shown(device));
    } else {
      const fresh = made(device);
      endpoints.set(device.id, fresh);
      await aggregator.add(fresh);
      await fresh.set(shown(device)); // not what the library kept, nor what a controller wished for after a start
    }
  }
}

function tellFabrics() {
  const fabrics = Object.entries(node.state.commissioning.fabrics).map(([index, { label, rootVendorId }]) => ({
    index: Number(index),
    label,
    vendor: Number(rootVendorId),
  }));
  program.tell({ fabrics });
}

await show(settings.devices);
node.events.commissioning.fabricsChanged.on(tellFabrics);
await node.start();
program.tell({ ready: node.state.commissioning.pairingCodes });
tellFabrics();

/** Open the window for another ecosystem; it may be open already. */
async function open() {
  await node.act((agent) => agent.commissioning.enterCommissionableMode());
}

/** End a pairing; it may have ended by itself. */
async function remove(index) {
  await node.env.get(FabricManager).maybeFor(FabricIndex(index))?.leave();
}

const report = (error) => process.stderr.write(`${error}\n`);

// One after the other, and without a wait: the answer of a command must be read meanwhile.
let showing = Promise.resolve();
for await (const message of input) {
  if ("reply" in message) program.answered(message);
  if ("show" in message) showing = showing.then(() => show(message.show));
  if ("open" in message) open().catch(report);
  if ("remove" in message) remove(message.remove).catch(report);
  if ("beat" in message) program.tell({ beat: true });
}
setTimeout(() => process.exit(1), END_MS); // nobody is left who would end it
await node.close();
process.exit(0);
