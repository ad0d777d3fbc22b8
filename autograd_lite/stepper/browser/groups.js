/** Numbered things grouped by a numbered key, in two flat arrays: which edges leave a line, which events change it. */
export class Groups {
  /**
   * @param {ArrayLike<number>} keys the key of each thing, from 0; -1 for a thing that is in no group
   * @param {number} count how many keys there are
   */
  constructor(keys, count) {
    this._starts = new Int32Array(count + 1);
    for (let i = 0; i < keys.length; i += 1) if (keys[i] >= 0) this._starts[keys[i] + 1] += 1;
    for (let key = 0; key < count; key += 1) this._starts[key + 1] += this._starts[key];
    const next = this._starts.slice();
    this._members = new Int32Array(this._starts[count]);
    for (let i = 0; i < keys.length; i += 1) if (keys[i] >= 0) this._members[next[keys[i]]++] = i;
  }

  /**
   * Returns the things of one key, in order.
   * @param {number} key
   * @returns {Int32Array}
   */
  of(key) {
    return this._members.subarray(this._starts[key], this._starts[key + 1]);
  }
}

/**
 * Returns how many of some ascending numbers are below a bound.
 * @param {ArrayLike<number>} ascending
 * @param {number} bound
 * @returns {number}
 */
export function countBelow(ascending, bound) {
  let low = 0, high = ascending.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (ascending[middle] < bound) low = middle + 1;
    else high = middle;
  }
  return low;
}
