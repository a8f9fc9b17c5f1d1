/**
 * The nodes of all trees of a forest in flat arrays, tree after tree, breadth-first, the two children of a split side by side.
 *
 * A split sends a row with `value[node]` or less in column `feature[node]` to `left[node]`, any other to the node after that. A leaf leads to
 * itself: its `feature` is the number of columns, a column that scoring adds and fills with -Infinity, so that a row stays where it is however
 * often it is asked. That lets scoring take the same number of steps for every row, without a branch to mispredict. The `value` of a leaf is
 * the path length it stands for.
 */
export interface ForestNodes {
  readonly feature: Uint16Array
  readonly left: Int32Array
  readonly value: Float64Array
  /** Training rows that reached the node. */
  readonly rows: Uint32Array
  /** First node of each tree. */
  readonly roots: Int32Array
  /** Splits on the longest path of any tree. */
  readonly depth: number
}

const FIRST_CAPACITY = 1024

/** Nodes of a forest that is being grown. */
export class NodeBuffer {
  feature = new Uint16Array(FIRST_CAPACITY)
  left = new Int32Array(FIRST_CAPACITY)
  value = new Float64Array(FIRST_CAPACITY)
  rows = new Uint32Array(FIRST_CAPACITY)
  size = 0
  depth = 0
  readonly #roots: number[] = []

  /** Adds the root of a new tree, and gives its index. */
  addRoot(rows: number): number {
    const root = this.add(rows)
    this.#roots.push(root)
    return root
  }

  /** Adds a node that `rows` training rows reach, and gives its index. */
  add(rows: number): number {
    if (this.size === this.feature.length) this.#grow()
    this.rows[this.size] = rows
    return this.size++
  }

  finish(): ForestNodes {
    return {
      feature: this.feature.slice(0, this.size),
      left: this.left.slice(0, this.size),
      value: this.value.slice(0, this.size),
      rows: this.rows.slice(0, this.size),
      roots: Int32Array.from(this.#roots),
      depth: this.depth,
    }
  }

  #grow(): void {
    const capacity = this.feature.length * 2
    const { feature, left, value, rows } = this
    this.feature = new Uint16Array(capacity)
    this.left = new Int32Array(capacity)
    this.value = new Float64Array(capacity)
    this.rows = new Uint32Array(capacity)
    this.feature.set(feature)
    this.left.set(left)
    this.value.set(value)
    this.rows.set(rows)
  }
}
