//! The cluster as its clients find it: who leads, and connections.

use std::error::Error;
use std::time::{Duration, Instant};

use etcd_client::{Client, KvClient};

/// The endpoint of the leader, once all endpoints name the same.
///
/// # Errors
/// If they do not within the wait.
pub(crate) async fn leader(endpoints: &[String], wait: Duration) -> Result<String, Box<dyn Error>> {
    let deadline = Instant::now() + wait;
    loop {
        match agreed_leader(endpoints).await {
            Ok(leader) => return Ok(leader),
            Err(error) if Instant::now() > deadline => {
                return Err(format!("no leader within {wait:?}: {error}").into());
            }
            Err(_) => tokio::time::sleep(Duration::from_millis(100)).await,
        }
    }
}

async fn agreed_leader(endpoints: &[String]) -> Result<String, Box<dyn Error>> {
    let mut leaders = Vec::new();
    let mut leading = None;
    for endpoint in endpoints {
        let mut client = Client::connect([endpoint], None).await?;
        let status = client.status().await?;
        let member = status
            .header()
            .ok_or("a status without a header")?
            .member_id();
        if member == status.leader() {
            leading = Some(endpoint.clone());
        }
        leaders.push(status.leader());
    }
    leaders.dedup();
    match (leading, leaders.as_slice()) {
        (Some(endpoint), [_]) => Ok(endpoint),
        (_, named) => Err(format!("the endpoints name the leaders {named:x?}").into()),
    }
}

/// So many connections to each endpoint; neighbours in the list go to different endpoints.
///
/// # Errors
/// If one of them cannot be made.
pub(crate) async fn connect(
    endpoints: &[String],
    connections: usize,
) -> Result<Vec<KvClient>, Box<dyn Error>> {
    let mut clients = Vec::new();
    for _ in 0..connections {
        for endpoint in endpoints {
            clients.push(Client::connect([endpoint], None).await?.kv_client());
        }
    }
    Ok(clients)
}
