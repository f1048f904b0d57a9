/** How a network is ordered, of either engine: its bridge has a name that the host's packet filter knows. Pure. */
export interface NetworkOrder {
  readonly name: string;
  /** Of the interface on the host; 15 letters at most. */
  readonly bridge: string;
  /** Without a way out. */
  readonly internal: boolean;
  readonly labels: Readonly<Record<string, string>>;
}

/** A call of the engine's. */
interface Call {
  readonly path: string;
  readonly json: object;
}

export const dockerNetwork = ({ name, bridge, internal, labels }: NetworkOrder): Call => ({
  path: "/networks/create",
  json: {
    ...{ Name: name, CheckDuplicate: true, Driver: "bridge", Internal: internal, EnableIPv6: false, Labels: labels },
    Options: {
      "com.docker.network.bridge.name": bridge,
      "com.docker.network.bridge.enable_icc": "false",
    },
  },
});

/**
 * By Podman's own call: Docker's leaves the name of the bridge to Podman. In an internal one this machine would have no address and reach
 * no container; what keeps those from the outside are the packet filters, here and there.
 */
export const podmanNetwork = ({ name, bridge, labels }: NetworkOrder): Call => ({
  path: "/v4.0.0/libpod/networks/create",
  json: {
    ...{ name, driver: "bridge", network_interface: bridge, labels },
    ...{ ipv6_enabled: false, dns_enabled: false },
  },
});
