import { describe, expect, it } from 'vitest';
import { Intent } from '../src/api/intent';
import { Problem } from '../src/api/problem';
import { whole } from '../src/api/whole';
import { EventParser, type ServerEvent } from '../src/live/sse';

describe('server-sent events', () => {
  it('are the same however the bytes are cut', () => {
    const text = 'event: beat\ndata: {}\n\n: a comment\n\nevent: hello\ndata: {"now":"x"}\n\nid: 7\r\nevent: door\r\ndata: {"a":\r\ndata: 1}\r\n\r\n';
    for (const cut of [1, 3, 7, text.length]) {
      const heard: ServerEvent[] = [];
      const parser = new EventParser((event) => heard.push(event));
      for (let from = 0; from < text.length; from += cut) parser.feed(text.slice(from, from + cut));
      expect(heard).toEqual([
        { event: 'beat', id: null, data: '{}' },
        { event: 'hello', id: null, data: '{"now":"x"}' },
        { event: 'door', id: '7', data: '{"a":\n1}' },
      ]);
    }
  });
});

describe('an intent', () => {
  it('keeps its key until the outcome is known, and then takes another', async () => {
    const keys: string[] = [];
    const intent = new Intent();
    const act = (outcome: Problem | null) => intent.run((key) => {
      keys.push(key);
      return outcome === null ? Promise.resolve() : Promise.reject(outcome);
    }).catch(() => undefined);
    await act(new Problem('unreachable', 0, ''));
    await act(new Problem('service-unavailable', 503, ''));
    await act(null);
    await act(new Problem('door-open', 409, ''));
    await act(null);
    expect(new Set(keys.slice(0, 3)).size).toBe(1);
    expect(new Set(keys).size).toBe(3);
  });
});

describe('a list that comes in parts', () => {
  it('is read to its end, also where it has become shorter meanwhile', async () => {
    const all = [1, 2, 3, 4, 5];
    const part = (total: number) => (skip: number) => Promise.resolve({ items: all.slice(skip, skip + 2), total });
    expect(await whole(part(5))).toEqual({ items: all });
    expect(await whole(part(7))).toEqual({ items: all });
  });
});
