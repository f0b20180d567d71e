/** Elements without markup in strings: text that came from the server can only ever be text. */

/** `h('a', { href, class: 'x', onclick }, 'text', child)`: members that start with `on` are listeners; false, null and undefined are left out. */
export function h(tag, attributes = {}, ...children) {
  const element = document.createElement(tag)
  set(element, attributes)
  element.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== false))
  return element
}

export function set(element, attributes) {
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith('on')) element.addEventListener(name.slice(2), value)
    else if (value === false || value === null || value === undefined) element.removeAttribute(name)
    else if (element.getAttribute(name) !== String(value))
      element.setAttribute(name, value === true ? '' : String(value))
  }
}

/** Changes the text only when it differs, so that a selection survives and a live region stays quiet. */
export function setText(element, text) {
  if (element.textContent !== text) element.textContent = text
}

export function byId(id) {
  return document.getElementById(id)
}

/**
 * Makes a container's children stand for `items`, in order. An item that was there keeps its element, and with it its
 * focus: `update(element, item)` is called for every one, `create(item)` for new ones.
 */
export function syncChildren(container, items, { key, create, update }) {
  const old = new Map([...container.children].map((child) => [child.dataset.key, child]))
  let next = container.firstElementChild
  for (const item of items) {
    const name = String(key(item))
    let element = old.get(name)
    old.delete(name)
    if (!element) {
      element = create(item)
      element.dataset.key = name
    }
    update(element, item)
    if (element === next) next = next.nextElementSibling
    else container.insertBefore(element, next)
  }
  for (const element of old.values()) element.remove()
}

/** Runs `work` soon and at most once every `everyMs`, however often it is asked for; never twice at once. */
export function coalesce(everyMs, work) {
  let timer
  let running = false
  let again = false
  const run = async () => {
    timer = undefined
    running = true
    await work().finally(() => {
      running = false
    })
    if (again) {
      again = false
      ask()
    }
  }
  const ask = () => {
    if (running) again = true
    else timer ??= setTimeout(() => void run(), everyMs)
  }
  return ask
}
