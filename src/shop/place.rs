//! What the shop is made of: services, which run in pods on hosts in clusters.

/// The services, from what customers see to what they don't.
pub const SERVICES: &[&str] = &[
    "storefront",
    "catalogue",
    "search",
    "recommendations",
    "prices",
    "login",
    "cart",
    "checkout",
    "payments",
    "orders",
    "shipping",
    "mail",
];

/// Where they run.
pub const CLUSTERS: &[&str] = &["eu-1", "eu-2", "us-1"];

/// How many hosts a cluster has.
const HOSTS: usize = 8;
/// How many pods a service has in each cluster.
const PODS: usize = 4;

/// How much an alert is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// A service in a cluster.
    Service,
    /// One pod of it.
    Pod,
    /// A host, whatever runs there.
    Host,
}

/// What an alert is about.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Spot {
    /// The cluster.
    pub cluster: &'static str,
    /// The service; none if it is about a host.
    pub service: Option<&'static str>,
    /// The pod.
    pub pod: Option<String>,
    /// The host.
    pub host: Option<String>,
}

/// Everything of this scope that these services and clusters have.
pub fn spots(scope: Scope, services: &[&'static str], clusters: &[&'static str]) -> Vec<Spot> {
    let mut spots = Vec::new();
    for &cluster in clusters {
        match scope {
            Scope::Host => spots.extend((0..HOSTS).map(|number| host(cluster, number))),
            Scope::Service => spots.extend(services.iter().map(|service| Spot {
                cluster,
                service: Some(service),
                pod: None,
                host: None,
            })),
            Scope::Pod => {
                for &service in services {
                    spots.extend((0..PODS).map(|number| pod(cluster, service, number)));
                }
            }
        }
    }
    spots
}

fn host(cluster: &'static str, number: usize) -> Spot {
    Spot { cluster, service: None, pod: None, host: Some(format!("{cluster}-node-{}", number + 1)) }
}

fn pod(cluster: &'static str, service: &'static str, number: usize) -> Spot {
    // Pods are spread over the hosts, each service from another one on.
    let first = SERVICES.iter().position(|known| *known == service).unwrap_or_default();
    let place = host(cluster, (first * 3 + number) % HOSTS);
    Spot { service: Some(service), pod: Some(format!("{service}-{number}")), ..place }
}
