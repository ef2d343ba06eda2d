/** A set that forgets its oldest members beyond `capacity`. */
export class BoundedSet<T> {
  readonly #capacity: number;
  readonly #items = new Set<T>();

  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  get size(): number {
    return this.#items.size;
  }

  has(item: T): boolean {
    return this.#items.has(item);
  }

  add(item: T): void {
    this.#items.delete(item);
    this.#items.add(item);
    if (this.#items.size <= this.#capacity) return;
    for (const oldest of this.#items) {
      this.#items.delete(oldest);
      break;
    }
  }
}
