//! What a long run found, as a table.

use crate::books::Tally;

/// A column for each database.
pub fn table(found: &[(&str, Tally)]) -> String {
    let row = |name: &str, value: &dyn Fn(&Tally) -> String| {
        let values: String =
            found.iter().map(|(_, tally)| format!("{:>14}", value(tally))).collect();
        format!("{name:<34}{values}\n")
    };
    let count = |list: &Vec<String>| list.len().to_string();
    let seconds = |times: Option<f64>| times.map_or("-".to_owned(), |it| format!("{it:.2} s"));
    let mut text = format!("{:<34}", "");
    text.extend(found.iter().map(|(cast, _)| format!("{cast:>14}")));
    text.push('\n');
    text += &row("kills", &|it| it.kills.to_string());
    text += &row("slept through leases", &|it| it.pauses.to_string());
    text += &row("acknowledged", &|it| it.acknowledged.to_string());
    text += &row("without an answer", &|it| it.unacknowledged.to_string());
    text += &row("refused, or nobody there", &|it| it.refused.to_string());
    text += &row("alerts acknowledged", &|it| it.alerts.to_string());
    text += &row("their groups", &|it| it.groups.to_string());
    text += &row("lost", &|it| count(&it.lost));
    text += &row("doubled", &|it| count(&it.doubled));
    text += &row("left over", &|it| count(&it.left_over));
    text += &row("given up", &|it| count(&it.given_up));
    text += &row("declarations measured", &|it| it.complete_after.len().to_string());
    text += &row("restart to complete, median", &|it| seconds(part(&it.complete_after, 0.5)));
    text += &row("restart to complete, longest", &|it| seconds(part(&it.complete_after, 1.0)));
    text
}

/// The value below which this part of them lies.
fn part(values: &[f64], part: f64) -> Option<f64> {
    let mut values = values.to_vec();
    values.sort_by(f64::total_cmp);
    let last = values.len().checked_sub(1)?;
    #[expect(
        clippy::cast_sign_loss,
        clippy::cast_possible_truncation,
        reason = "a place in a list"
    )]
    let place = (last as f64 * part).round() as usize;
    values.get(place).copied()
}
