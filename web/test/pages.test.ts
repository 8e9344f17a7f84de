import { describe, expect, it } from 'vitest';
import { withFirst, withNext } from '../src/parts/pages';

const page = (items: string, next: string | null) => ({ items: [...items], next });
const itself = (item: string): string => item;

describe('a list that is read page by page', () => {
  it('loses nothing between the first page and the older ones when news push it down', () => {
    const known = withNext(page('dcb', 'b'), 'b', page('a9', '9'), itself);
    expect(known).toEqual(page('dcba9', '9'));
    expect(withFirst(known, page('fed', 'd'), itself)).toEqual(page('fedcba9', '9'));
  });

  it('lets go of what has left the first page', () => {
    expect(withFirst(page('dcba', null), page('dba', null), itself)).toEqual(page('dba', null));
    expect(withFirst(page('dcba9', '9'), page('dba', 'a'), itself)).toEqual(page('dba9', '9'));
  });

  it('begins anew rather than with a gap nobody sees', () => {
    expect(withFirst(page('cba', 'a'), page('zyx', 'x'), itself)).toEqual(page('zyx', 'x'));
    expect(withFirst(page('', null), page('ba', 'a'), itself)).toEqual(page('ba', 'a'));
    // A page that was asked for before that belongs nowhere.
    expect(withNext(page('zyx', 'x'), 'a', page('98', null), itself)).toEqual(page('zyx', 'x'));
  });

  it('shows nothing twice', () => {
    expect(withNext(page('cb', 'b'), 'b', page('ba', null), itself)).toEqual(page('cba', null));
  });
});
