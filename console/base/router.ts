import { computed, signal } from '@preact/signals'

interface Place {
  path: string
  query: URLSearchParams
}

const here = (): Place => ({ path: location.pathname, query: new URLSearchParams(location.search) })

/** Where the person is: the address bar is the only state that a link has to carry. */
export const place = signal<Place>(here())
export const path = computed(() => place.value.path)

/** One member of the query, or an empty text. */
export function queryOf(name: string): string {
  return place.value.query.get(name) ?? ''
}

/** Goes to a path of this page. */
export function navigate(to: string, { replace = false } = {}): void {
  if (to === location.pathname + location.search) return
  history[replace ? 'replaceState' : 'pushState'](null, '', to)
  place.value = here()
  if (!replace) scrollTo(0, 0)
}

/** Changes members of the query; an empty text takes one away. Typing a filter is one step back, not twenty. */
export function setQuery(changes: Readonly<Record<string, string>>, { replace = true } = {}): void {
  const query = new URLSearchParams(location.search)
  for (const [name, value] of Object.entries(changes)) {
    if (value === '') query.delete(name)
    else query.set(name, value)
  }
  const text = query.toString()
  navigate(location.pathname + (text === '' ? '' : `?${text}`), { replace })
}

/** The parameters of a path that fits `/actors/:kind/:key`; undefined for one that does not. */
export function matchPath(pattern: string, given: string): Record<string, string> | undefined {
  const [wanted, parts] = [pattern.split('/'), given.replace(/(?<=.)\/$/, '').split('/')]
  if (wanted.length !== parts.length) return undefined
  const params: Record<string, string> = {}
  for (const [index, part] of wanted.entries()) {
    const actual = parts[index] ?? ''
    if (part.startsWith(':')) params[part.slice(1)] = decode(actual)
    else if (part !== actual) return undefined
  }
  return params
}

/** The page of an actor. */
export function actorPath(address: string, query = ''): string {
  const slash = address.indexOf('/')
  const parts = [address.slice(0, slash), address.slice(slash + 1)].map(encodeURIComponent)
  return `/actors/${parts.join('/')}${query}`
}

/** Makes plain links (`<a href="/instances">`) change the page without loading it anew, where `isPage` says it is one. */
export function startRouter(isPage: (path: string) => boolean): void {
  addEventListener('popstate', () => {
    place.value = here()
  })
  document.addEventListener('click', (event) => {
    if (event.defaultPrevented || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey) return
    const link = event.target instanceof Element ? event.target.closest('a[href]') : null
    if (!(link instanceof HTMLAnchorElement) || link.target !== '' || link.hasAttribute('download')) return
    if (link.origin !== location.origin || !isPage(link.pathname)) return
    event.preventDefault()
    navigate(link.pathname + link.search)
  })
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    // Somebody's own percent sign: taken as it is.
    return text
  }
}
