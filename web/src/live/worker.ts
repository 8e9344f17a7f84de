import { Hub } from './hub';
import type { ToHub } from './messages';

/** The SharedWorker: one hub for all tabs of this browser, because six streams would block every other request. */
const hub = new Hub();

addEventListener('connect', (event) => {
  const port = (event as MessageEvent).ports[0];
  if (port === undefined) return;
  const listener = { post: port.postMessage.bind(port) };
  port.onmessage = (message: MessageEvent<ToHub>) => hub.take(listener, message.data);
});
