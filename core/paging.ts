export interface Paging {
  limit?: number
  after?: string
}

export interface PageOf<Item> {
  items: Item[]
  /** Null on the last page. */
  next: string | null
}
