import { BlockList, isIP } from 'node:net'

/** IPv4 that is not the public internet: private, loopback, link-local (cloud metadata), shared, test nets, multicast, reserved. */
const NOT_PUBLIC_4 = blockList('ipv4', [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.88.99.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 3],
])

/** All public IPv6 is in here: loopback, link-local, unique local, mapped and translated IPv4 are not. */
const GLOBAL_6 = blockList('ipv6', [['2000::', 3]])
/** Inside of it, but carriers of other addresses or for documents: Teredo and the rest of 2001::/23, 6to4, documentation. */
const NOT_PUBLIC_6 = blockList('ipv6', [
  ['2001::', 23],
  ['2001:db8::', 32],
  ['2002::', 16],
  ['3fff::', 20],
])

/** True for an address that anybody on the internet could reach. Text that is no IP address is not public. */
export function isPublicAddress(address: string): boolean {
  switch (isIP(address)) {
    case 4:
      return !NOT_PUBLIC_4.check(address, 'ipv4')
    case 6:
      return GLOBAL_6.check(address, 'ipv6') && !NOT_PUBLIC_6.check(address, 'ipv6')
    default:
      return false
  }
}

/** Nobody drives a device from there, and clouds tell secrets there: link-local, metadata, multicast, reserved, translated. */
const NO_NEIGHBOUR_4 = blockList('ipv4', [
  ['0.0.0.0', 8],
  ['100.100.100.200', 32],
  ['169.254.0.0', 16],
  ['224.0.0.0', 3],
])
const NO_NEIGHBOUR_6 = blockList('ipv6', [
  ['::', 128],
  ['64:ff9b::', 96],
  ['2002::', 16],
  ['fd00:ec2::', 32],
  ['fe80::', 10],
  ['ff00::', 8],
])

/** True for what may be a machine of the lab's network or of the internet. Text that is no IP address is none. */
export function isNeighbour(address: string): boolean {
  switch (isIP(address)) {
    case 4:
      return !NO_NEIGHBOUR_4.check(address, 'ipv4')
    case 6:
      // IPv4 inside of IPv6 is judged as the IPv4 that it is.
      return !NO_NEIGHBOUR_6.check(address, 'ipv6') && !NO_NEIGHBOUR_4.check(address, 'ipv6')
    default:
      return false
  }
}

function blockList(family: 'ipv4' | 'ipv6', subnets: readonly [string, number][]): BlockList {
  const list = new BlockList()
  for (const [network, prefix] of subnets) list.addSubnet(network, prefix, family)
  return list
}
