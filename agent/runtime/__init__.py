"""What one turn needs around the loop; none of these modules knows `agent.service`."""
