export interface ServerEvent { event: string; id: string | null; data: string }

/** Cuts a text/event-stream into events. EventSource would do, but it cannot send an Authorization header. */
export class EventParser {
  #rest = '';
  #event = '';
  #id: string | null = null;
  #data: string[] = [];

  constructor(private readonly heard: (event: ServerEvent) => void) {}

  feed(text: string): void {
    const lines = (this.#rest + text).split('\n');
    this.#rest = lines.pop() ?? '';
    for (const line of lines) this.#line(line.endsWith('\r') ? line.slice(0, -1) : line);
  }

  #line(line: string): void {
    if (line === '') return this.#dispatch();
    if (line.startsWith(':')) return;
    const colon = line.indexOf(':');
    const field = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? '' : line.slice(colon + 1).replace(/^ /, '');
    if (field === 'event') this.#event = value;
    else if (field === 'id') this.#id = value;
    else if (field === 'data') this.#data.push(value);
  }

  #dispatch(): void {
    if (this.#data.length > 0) this.heard({ event: this.#event || 'message', id: this.#id, data: this.#data.join('\n') });
    this.#event = '';
    this.#data = [];
  }
}
